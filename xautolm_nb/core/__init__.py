"""The nouns of the package. Standard library and msgspec only; imported by every layer above."""
