"""How fast TraceTrack is, beside what people would otherwise do. README.md says how to read it."""
