package row

import "github.com/earshot-rtc/earshot/processor/quality"

// Times are microseconds (…At) or milliseconds (WindowStart, EpochStart) since the Unix epoch, as the columns' precision is.

// Sample is a row of samples.
type Sample struct {
	SampledAt     int64 // µs, normalised event time
	ReceivedAt    int64 // µs
	Tenant        string
	CallID        string
	SourceKind    Kind
	SourceID      string
	SessionID     string
	Sequence      uint64
	ClockOffsetUs int64
	ClockErrorUs  uint64
	Transports    uint16
	Streams       uint16
	Late          bool

	Who
	SFURegion string
	Link
	SendBps           uint64
	ReceiveBps        uint64
	QualityLimitation Limitation
}

// Who is what a client says of itself, and what the collector knows of its address.
type Who struct {
	UserID       string // as the collector masks it
	App          string
	Browser      string // name and major version
	OS           string
	Network      string
	ProbeVersion string
	Country      string
	Region       string
	ASN          uint32
	ISP          string
}

// Link is how a source's main transport is connected.
type Link struct {
	LocalCandidate      Candidate
	RemoteCandidate     Candidate
	Protocol            Protocol
	RelayProtocol       Protocol
	Relay               bool
	IPVersion           uint8
	ICEState            ICEState
	PairChanges         uint32
	ConnectMs           uint32
	AvailableSendBps    uint64
	AvailableReceiveBps uint64
}

// Event is a row of events.
type Event struct {
	At          int64 // µs, normalised event time
	Tenant      string
	CallID      string
	SourceKind  Kind
	SourceID    string
	Type        EventType
	TransportID string
	TrackID     string
	Value       string
	Number      float64
}

// DeadLetter is a row of dead_letters.
type DeadLetter struct {
	ReceivedAt int64 // ms
	Topic      string
	Partition  uint32
	Offset     uint64
	Reason     string
	Detail     string
	Source     string
	Bytes      uint32
}

// Stream is a row of streams.
type Stream struct {
	SampledAt      int64 // µs, normalised event time
	Tenant         string
	CallID         string
	SourceKind     Kind
	SourceID       string
	TransportID    string
	Direction      Direction
	Kind           Media
	SSRC           uint32
	Mid            string
	Rid            string
	Codec          string
	TrackID        string
	IntervalMs     uint32
	BitrateBps     float32
	PacketRate     float32
	LossRatio      Float
	JitterMs       float32
	RTTMs          Float
	RTTSource      RTTSource
	NackRate       float32
	PliRate        float32
	FrameRate      float32
	FrameWidth     uint16
	FrameHeight    uint16
	FreezeRatio    float32
	ConcealedRatio float32
	JitterBufferMs Float
	ResidenceMs    Float
	Muted          bool
}

// Hop is a row of hops.
type Hop struct {
	WindowStart     int64 // ms
	WindowMs        uint32
	Tenant          string
	CallID          string
	FromKind        Kind
	FromID          string
	FromTransport   string
	FromRegion      string
	ToKind          Kind
	ToID            string
	ToTransport     string
	ToRegion        string
	PairedBy        PairedBy
	RTTMs           Float
	RTTErrMs        Float
	RTTMinMs        Float
	RTTMeanMs       Float
	RTTMaxMs        Float
	RTTCount        uint32
	RTTBiasMs       float32
	RTTSource       RTTSource
	RTTEnd          End
	SourceSwitches  uint16
	LossFromTo      Float
	LossToFrom      Float
	LocalCandidate  Candidate
	RemoteCandidate Candidate
	Protocol        Protocol
	Relay           bool
	IPVersion       uint8
}

// E2E is a row of e2e.
type E2E struct {
	WindowStart  int64 // ms
	WindowMs     uint32
	Tenant       string
	CallID       string
	PublisherID  string
	SubscriberID string
	Kind         Media
	TrackID      string
	Rid          string
	SSRC         uint32
	TransportID  string
	EpochStart   int64 // ms
	SFUPath      []string
	RegionPath   []string
	Status       Status
	HopsExpected uint8
	HopsMeasured uint8
	Instants     uint8
	RTTMs        Float
	RTTErrMs     Float
	RTTMinMs     Float
	RTTMaxMs     Float
	RTTLowerMs   Float

	HopFrom   []string
	HopTo     []string
	HopRTTMs  []float32 // NaN = not known
	HopErrMs  []float32 // NaN = not known
	HopAgeMs  []uint32
	HopSource []RTTSource
	HopStatus []HopStatus

	MouthToEarMs   Float
	SendMs         Float
	NetworkMs      Float
	ResidenceMs    Float
	JitterBufferMs Float
	DecodeMs       Float
	PlayoutMs      Float
	BudgetMissing  []string
	CaptureDelayMs Float

	LossRatio      Float
	ConcealedRatio Float
	JitterMs       Float
	BitrateBps     float32
	FrameRate      Float
	FrameHeight    uint16
	FreezeRatio    Float
	Score          Float
	ScoreR         Float
	ScoreParts     quality.Parts // score_parts; Map(LowCardinality(String), Float32)
	ScoreVersion   string

	PublisherRegion  string
	SubscriberRegion string
	PublisherASN     uint32
	SubscriberASN    uint32
	PublisherApp     string
	SubscriberApp    string

	PublisherCountry  string
	SubscriberCountry string
	PublisherBrowser  string
	SubscriberBrowser string
	PublisherNetwork  string
	SubscriberNetwork string
	Blame             Blame
}
