package livekit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// server speaks to the HTTP port of one node.
type server struct {
	url, key, secret string
	client           *http.Client
	timeout          time.Duration
}

// maxAnswer bounds an answer: a room of a hundred who all see each other is about 6 MB in /debug/rooms.
const maxAnswer = 64 << 20

// tokenFor is how long a token of the adapter's is good.
const tokenFor = time.Minute

var errNotThere = errors.New("not there")

// statusError is an answer that is none.
type statusError struct {
	path   string
	status int
	text   string
}

func (e *statusError) Error() string {
	if e.status == http.StatusUnauthorized || e.status == http.StatusForbidden {
		return "the server refuses the API key and secret: give those of keys in its configuration"
	}
	return fmt.Sprintf("the server answered %d to %s: %s", e.status, e.path, e.text)
}

func (e *statusError) Is(target error) bool {
	return target == errNotThere && e.status == http.StatusNotFound
}

// debugRooms asks for what nodes in development tell; errNotThere where this is none.
func (s *server) debugRooms(ctx context.Context) ([]debugRoom, error) {
	var rooms []debugRoom
	return rooms, s.ask(ctx, http.MethodGet, "/debug/rooms", nil, "", &rooms)
}

// grants are the rights of a token, as LiveKit names them.
type grants struct {
	RoomList  bool   `json:"roomList,omitempty"`
	RoomAdmin bool   `json:"roomAdmin,omitempty"`
	Room      string `json:"room,omitempty"`
}

// rooms lists the names of rooms.
func (s *server) rooms(ctx context.Context, now time.Time) ([]string, error) {
	var answer struct {
		Rooms []struct {
			Name string `json:"name"`
		} `json:"rooms"`
	}
	if err := s.call(ctx, "ListRooms", struct{}{}, grants{RoomList: true}, now, &answer); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(answer.Rooms))
	for _, r := range answer.Rooms {
		names = append(names, r.Name)
	}
	return names, nil
}

// participants lists who is in a room; errNotThere where that has closed.
func (s *server) participants(ctx context.Context, room string, now time.Time) ([]participant, error) {
	var answer struct {
		Participants []participant `json:"participants"`
	}
	err := s.call(ctx, "ListParticipants", map[string]string{"room": room}, grants{RoomAdmin: true, Room: room}, now, &answer)
	return answer.Participants, err
}

// call makes one call of RoomService, by Twirp's JSON.
func (s *server) call(ctx context.Context, method string, request any, g grants, now time.Time, answer any) error {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": s.key, "nbf": now.Add(-tokenFor).Unix(), "exp": now.Add(tokenFor).Unix(), "video": g,
	}).SignedString([]byte(s.secret))
	if err != nil {
		return fmt.Errorf("sign a token: %w", err)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return s.ask(ctx, http.MethodPost, "/twirp/livekit.RoomService/"+method, body, token, answer)
}

func (s *server) ask(ctx context.Context, method, path string, body []byte, token string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer to %s: %w", path, err)
	case len(raw) > maxAnswer:
		return fmt.Errorf("the answer to %s is larger than %d MB", path, maxAnswer>>20)
	case res.StatusCode != http.StatusOK:
		return &statusError{path, res.StatusCode, string(raw[:min(len(raw), 200)])}
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("the answer to %s cannot be read: %w", path, err)
	}
	return nil
}
