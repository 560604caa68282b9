package receive

import (
	"net/http"
	"strings"
)

// agent reads browser, version and operating system out of a User-Agent, for samples that do not tell. It knows the
// browsers that make calls, and is silent about others.
func agent(ua string) (browser, version, os string) {
	for _, b := range [...]struct{ token, name string }{
		// Who claims to be another comes before the other.
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Version/", "Safari"},
	} {
		_, rest, ok := strings.Cut(ua, b.token)
		if !ok || b.name == "Safari" && !strings.Contains(rest, "Safari/") {
			continue
		}
		version, _, _ = strings.Cut(rest, " ")
		browser, version = b.name, version[:min(len(version), 32)]
		break
	}
	if browser == "" {
		return "", "", ""
	}
	for _, o := range [...]struct{ token, name string }{
		{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iOS"}, {"iPad", "iOS"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"},
		{"Linux", "Linux"},
	} {
		if strings.Contains(ua, o.token) {
			return browser, version, o.name
		}
	}
	return browser, version, ""
}

// offered lists the sub-protocols that a WebSocket's client offers.
func offered(h http.Header) (names []string) {
	for _, line := range h.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}
