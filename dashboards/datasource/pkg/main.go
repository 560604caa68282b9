// Command gpx_earshot_datasource is the back end of the Earshot data source: Grafana starts it and asks over gRPC, ClickHouse answers.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/datasource/source"
)

func main() {
	if err := datasource.Manage(model.PluginID, source.Factory(), datasource.ManageOpts{}); err != nil {
		fmt.Fprintln(os.Stderr, "earshot data source:", err)
		os.Exit(1)
	}
}
