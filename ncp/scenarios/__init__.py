"""Tests as a product: scenarios that any contact point of country A can be judged with."""
