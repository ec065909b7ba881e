"""Tests of the ground: catalogue, systems, assessments and their loaders."""
