# Thin: each target is a script that also works by itself, where make is not installed.
.PHONY: demo test fuzz lint lock docs bench

demo:
	@scripts/demo

test:
	@scripts/test

fuzz:
	@scripts/fuzz

lint:
	@scripts/lint

lock:
	@scripts/lock

docs:
	@scripts/docs

bench:
	@scripts/bench
