// Package board is the house style of the Grafana dashboards: questions of the data source and what a panel says go in, dashboards
// of Grafana's classic schema come out, every panel at its place, with units, thresholds, links and an id that stays.
package board

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Columns is how wide Grafana's grid is.
const Columns = 24

// schema is that of Grafana 11; later ones bring it up to theirs as they load it.
const schema = 39

// Folder is where all dashboards stand; Tag is on all of them and makes up the menu that leads from each to the others.
const (
	Folder = "Earshot"
	Tag    = "earshot"
)

// classic is the schema that Grafana 11 reads as well; the SDK would rather have people write the one of Grafana 13.
type classic = dashboard.Dashboard //nolint:staticcheck // deprecated, see above

// Board is a dashboard that is being put together.
type Board struct {
	UID         string
	Title       string
	Description string
	Refresh     string // how often Grafana asks again, such as 30s
	From        string // the span at first, such as now-3h
	Variables   []cog.Builder[dashboard.VariableModel]
	Annotations []dashboard.AnnotationQuery
	Links       []dashboard.DashboardLink // besides the menu
	Rows        []Row
}

// Row is a heading and what stands below it. The first row of a dashboard may do without a heading.
type Row struct {
	Title  string
	Folded bool // its panels ask nothing until somebody opens it
	Panels []Placed
}

// Placed is a panel with its size on the grid.
type Placed struct {
	Width, Height uint32
	Panel         cog.Builder[dashboard.Panel]
}

// At gives a panel its size: columns of 24, and rows of 30 pixels.
func At(width, height uint32, panel cog.Builder[dashboard.Panel]) Placed {
	return Placed{Width: width, Height: height, Panel: panel}
}

// Build lays the panels out, row by row and from left to right.
func (b *Board) Build() (classic, error) {
	//nolint:staticcheck // deprecated, see classic
	d, err := dashboard.NewDashboardBuilder(b.Title).
		Uid(b.UID).
		Description(b.Description).
		Tags([]string{Tag}).
		Time(b.From, "now").
		Refresh(b.Refresh).
		Timezone(common.TimeZoneBrowser).
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Timepicker(dashboard.NewTimePickerBuilder().RefreshIntervals([]string{"5s", "10s", "30s", "1m", "5m", "15m"})).
		Variables(b.Variables).
		Editable().
		Build()
	if err != nil {
		return d, fmt.Errorf("%s: %w", b.UID, err)
	}
	d.Version = nil // Grafana counts for itself
	d.SchemaVersion = schema
	d.Annotations.List = b.Annotations
	d.Links = append([]dashboard.DashboardLink{menu()}, b.Links...)
	return d, b.layOut(&d)
}

// layOut gives panels ids that a panel more in another row does not change: links and alerts name them.
func (b *Board) layOut(d *classic) error {
	y := uint32(0)
	for i, row := range b.Rows {
		id := uint32(100 * (i + 1))
		panels, height, err := row.panels(id, y+row.heading())
		if err != nil {
			return fmt.Errorf("%s: %w", b.UID, err)
		}
		if row.Title != "" {
			heading := dashboard.RowPanel{
				Type: "row", Title: &row.Title, Id: id, Collapsed: row.Folded, Panels: []dashboard.Panel{},
				GridPos: &dashboard.GridPos{Y: y, W: Columns, H: 1},
			}
			if row.Folded {
				heading.Panels = panels
			}
			d.Panels = append(d.Panels, dashboard.PanelOrRowPanel{RowPanel: &heading})
		}
		y += row.heading()
		if row.Folded {
			continue
		}
		for j := range panels {
			d.Panels = append(d.Panels, dashboard.PanelOrRowPanel{Panel: &panels[j]})
		}
		y += height
	}
	return nil
}

func (r *Row) heading() uint32 {
	if r.Title == "" {
		return 0
	}
	return 1
}

// panels builds a row's panels from y on; they wrap where the next one does not fit any more.
func (r *Row) panels(id, y uint32) (panels []dashboard.Panel, height uint32, err error) {
	x, top, tallest := uint32(0), y, uint32(0)
	for i, p := range r.Panels {
		panel, err := p.Panel.Build()
		if err != nil {
			return nil, 0, fmt.Errorf("row %q, panel %d: %w", r.Title, i+1, err)
		}
		if x+p.Width > Columns {
			x, y, tallest = 0, y+tallest, 0
		}
		panel.Id = ptr(id + uint32(i) + 1)
		panel.GridPos = &dashboard.GridPos{X: x, Y: y, W: p.Width, H: p.Height}
		panel.RepeatDirection, panel.Transparent = nil, nil
		x, tallest = x+p.Width, max(tallest, p.Height)
		panels = append(panels, panel)
	}
	return panels, y + tallest - top, nil
}

func ptr[T any](v T) *T { return &v }
