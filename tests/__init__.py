"""The tests, in the rooms of the house: each states what the law, a source or the contract says."""
