/** A machine may be busy: what is waited for may take its time, so that only what never comes fails. */
import "@testing-library/jest-dom";
import { configure } from "@testing-library/react";

configure({ asyncUtilTimeout: 20_000 });
