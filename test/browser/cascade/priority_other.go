//go:build !linux

package main

func prioritise() {}
