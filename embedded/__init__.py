"""The servers we bring along, so that a bare machine can run the engine and its tests."""
