/** Stands for react-inlinesvg, which would fetch icons. */
import React from "react";

export default function SVG(): React.JSX.Element {
  return <svg />;
}
