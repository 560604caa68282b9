// Package export carries samples to a collector: Samples come in from a probe and go out over one WebSocket, as
// schemas/proto/earshot/v1/stream.proto lays down.
package export
