"""Sessions to the outside: host keys, time-outs, retries, bounds."""
