package collector

// MaskedLog is where the HTTP server writes to.
var MaskedLog = maskedLog
