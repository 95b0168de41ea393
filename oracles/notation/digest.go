package main

import "github.com/opencontainers/go-digest"

func parseDigest(text string) (digest.Digest, error) { return digest.Parse(text) }
