"""Reading: words, sentences, summaries."""
