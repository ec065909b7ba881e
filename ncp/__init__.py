"""The exchange: between the National Contact Points of two countries over MyHealth@EU."""
