"""TraceTrack: where every bag is, and how it got there."""
