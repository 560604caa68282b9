// The script tag's way in: `Earshot.monitor(...)`.
import { enableReceiverRTT, monitor } from "./index.js";

Object.assign(globalThis, { Earshot: { monitor, enableReceiverRTT } });
