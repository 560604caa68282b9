// Package saved reads dashboards as Grafana does: a folder of JSON comes in, panels with their questions and links go out. It is for tests.
package saved

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

// File is a dashboard as Grafana reads it, as far as tests look at it.
type File struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Panels      []Panel  `json:"panels"`
	Links       []Link   `json:"links"`
	Templating  struct {
		List []Variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Name       string    `json:"name"`
			Datasource Reference `json:"datasource"`
			Target     Target    `json:"target"`
		} `json:"list"`
	} `json:"annotations"`
}

// Panel is a panel or a row.
type Panel struct {
	ID          int                      `json:"id"`
	Type        string                   `json:"type"`
	Title       string                   `json:"title"`
	Description string                   `json:"description"`
	Datasource  *Reference               `json:"datasource"`
	Targets     []Target                 `json:"targets"`
	Panels      []Panel                  `json:"panels"` // of a row that is folded
	GridPos     struct{ X, Y, W, H int } `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit    string `json:"unit"`
			NoValue string `json:"noValue"`
			Links   []Link `json:"links"`
		} `json:"defaults"`
		Overrides []struct {
			Matcher struct {
				ID      string `json:"id"`
				Options any    `json:"options"`
			} `json:"matcher"`
			Properties []struct {
				ID    string          `json:"id"`
				Value json.RawMessage `json:"value"`
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
}

// Target is a question of a panel.
type Target struct {
	RefID      string    `json:"refId"`
	Datasource Reference `json:"datasource"`
	model.Query
}

// Reference names a data source.
type Reference struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Link is a link as it is stored.
type Link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
	Type  string `json:"type"`
}

// Variable is a template variable.
type Variable struct {
	Name        string          `json:"name"`
	Type        string          `json:"type"`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Query       json.RawMessage `json:"query"`
	Datasource  *Reference      `json:"datasource"`
	IncludeAll  bool            `json:"includeAll"`
	Sort        int             `json:"sort"`
}

// All are the panels that show something: rows are opened and left out.
func (f *File) All() []Panel {
	var out []Panel
	for _, p := range f.Panels {
		if p.Type == "row" {
			out = append(out, p.Panels...)
			continue
		}
		out = append(out, p)
	}
	return out
}

// LinksOf are all data links of a panel: of all fields and of single ones.
func (p *Panel) LinksOf() ([]Link, error) {
	links := append([]Link(nil), p.FieldConfig.Defaults.Links...)
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if property.ID != "links" {
				continue
			}
			var some []Link
			if err := json.Unmarshal(property.Value, &some); err != nil {
				return nil, fmt.Errorf("panel %d: links: %w", p.ID, err)
			}
			links = append(links, some...)
		}
	}
	return links, nil
}

// ReadAll reads all dashboards of a folder.
func ReadAll(dir string) ([]File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	out := make([]File, len(names))
	for i, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return out, nil
}
