# Thin: each target is a script that also works by itself, where make is not installed.
.PHONY: demo test lint lock bench

demo:
	@scripts/demo

test:
	@scripts/test

lint:
	@scripts/lint

lock:
	@scripts/lock

bench:
	@scripts/bench
