// Package janus holds what both ways to report a Janus gateway have to agree on: the events of a recorded call go in, and what
// the adapter makes of the same call's answers of the admin API is what has to come out. janus.test.mjs has a real gateway and
// real browsers; record.mjs makes the recordings.
package janus
