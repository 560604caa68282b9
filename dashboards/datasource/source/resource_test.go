package source_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// get asks for a resource as the front end does.
func (p *plugin) get(t *testing.T, path string) (int, string) {
	t.Helper()
	status, body := 0, ""
	resource, _, _ := strings.Cut(path, "?")
	err := p.Client.CallResource(t.Context(), &backend.CallResourceRequest{PluginContext: p.context(), Method: http.MethodGet, Path: resource, URL: path},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			status, body = r.Status, string(r.Body)
			return nil
		}))
	require.NoError(t, err)
	return status, body
}

func TestResourcesListWhatThereIsToChooseFrom(t *testing.T) {
	p := serve(t, nil)
	span := "?from=" + strconv.FormatInt(start.UnixMilli(), 10) + "&to=" + strconv.FormatInt(soon().UnixMilli(), 10)
	for path, want := range map[string]string{
		"variables/regions":   `[{"text":"ap-northeast","value":"ap-northeast"},{"text":"eu-central","value":"eu-central"},{"text":"us-east","value":"us-east"}]`,
		"variables/sfus":      `[{"text":"nrt","value":"nrt"},{"text":"fra","value":"fra"},{"text":"iad","value":"iad"}]`,
		"variables/versions":  `[{"text":"1.2.0","value":"1.2.0"},{"text":"1.1.0","value":"1.1.0"}]`,
		"variables/asns":      `[{"text":"AS2516","value":"2516"},{"text":"AS3320","value":"3320"},{"text":"AS7922","value":"7922"}]`,
		"variables/countries": `[{"text":"JP","value":"JP"},{"text":"DE","value":"DE"},{"text":"US","value":"US"}]`,
		"variables/participants" + span + "&call=demo": `[{"text":"ana","value":"ana"},{"text":"bo","value":"bo"},{"text":"chi","value":"chi"},{"text":"dee","value":"dee"},{"text":"eli","value":"eli"}]`,
		"variables/publishers" + span + "&call=demo":   `[{"text":"ana","value":"ana"},{"text":"bo","value":"bo"},{"text":"dee","value":"dee"},{"text":"eli","value":"eli"}]`,
		"variables/tracks" + span + "&call=demo":       `[{"text":"ana-audio","value":"ana-audio"},{"text":"ana-video","value":"ana-video"},{"text":"bo-audio","value":"bo-audio"},{"text":"bo-video","value":"bo-video"},{"text":"dee-audio","value":"dee-audio"},{"text":"eli-audio","value":"eli-audio"}]`,
		"variables/calls" + span + "&search=DEMO":      `[{"text":"demo","value":"demo"}]`,
		"adhoc/values?key=kind":                        `[{"text":"audio","value":"audio"},{"text":"video","value":"video"}]`,
		"adhoc/values?key=network":                     `[{"text":"wifi","value":"wifi"},{"text":"cellular","value":"cellular"},{"text":"ethernet","value":"ethernet"}]`,
	} {
		t.Run(path, func(t *testing.T) {
			status, body := p.get(t, path)
			require.Equal(t, http.StatusOK, status, body)
			require.JSONEq(t, want, body)
		})
	}
	status, body := p.get(t, "adhoc/keys")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `{"text":"publisher_region","value":"publisher_region"}`)
}

func TestResourcesSayWhatIsWrong(t *testing.T) {
	p := serve(t, nil)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"variables/users":              {http.StatusBadRequest, `variable: \"users\" is not one of regions`},
		"variables/participants":       {http.StatusBadRequest, "call: the participants are those of a call; name it"},
		"variables/regions?from=today": {http.StatusBadRequest, `from: \"today\" is no time in milliseconds`},
		"adhoc/values?key=user":        {http.StatusBadRequest, `key: there is no filter \"user\"`},
		"secrets":                      {http.StatusNotFound, "there is no /secrets"},
	} {
		status, body := p.get(t, path)
		require.Equal(t, want.status, status, path)
		require.Contains(t, body, want.says)
	}
	status, body := serve(t, options{"address": "127.0.0.1:1"}).get(t, "variables/regions")
	require.Equal(t, http.StatusBadGateway, status)
	require.Contains(t, body, "ClickHouse is not reachable")
	status, _ = serve(t, options{"address": ""}).get(t, "variables/regions")
	require.Equal(t, http.StatusBadRequest, status)
}
