# Every target is one line that calls bin/; the scripts work without make.
.DEFAULT_GOAL := help
.PHONY: help demo test fast lint lock

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Put up the engine and a real WordPress, and publish the samples
	@bin/demo

test: ## Everything that must hold
	@bin/test

fast: ## The tests that start nothing
	@bin/test fast

lint: ## Style, types and the rules of the rooms
	@bin/lint

lock: ## Write requirements.lock anew from requirements.in
	@bin/lock
