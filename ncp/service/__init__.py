"""Country A: answers identification, query, retrieve and submit as a real contact point does."""
