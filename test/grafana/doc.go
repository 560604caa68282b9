// Package grafana asks every question of every dashboard: a store with calls as the processor writes them goes in, each panel's queries go
// through the data source as Grafana would send them, and out comes whether every panel has something to show.
package grafana
