// Parses labels in the browser: only as much as the scan station needs to tell sacks from bags
// before it sends a scan. The server parses the label again with its own rules.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;

/** Return the code on a label: the plain code, the part before ";", or the serial in a URL. */
export function parseCode(label) {
  const text = label.normalize("NFKC").replace(INVISIBLE, "").trim();
  const code = text.includes("://") ? codeFromUrl(text) : text.split(";")[0];
  return code.trim().toUpperCase();
}

/** Return "parent" or "child" by the patterns of the bag types; "" if no pattern matches. */
export function findKind(code, types) {
  if (types.some((type) => matches(type.parent_pattern, code))) return "parent";
  return types.some((type) => matches(type.child_pattern, code)) ? "child" : "";
}

/** Return the capacity of a sack with this code; null if no bag type matches. */
export function findCapacity(code, types) {
  return types.find((type) => matches(type.parent_pattern, code))?.capacity ?? null;
}

const matches = (pattern, code) => new RegExp(`^(?:${pattern})$`).test(code);

/** Return the segment after /21/ (the serial of a GS1 Digital Link), or else the last segment. */
function codeFromUrl(text) {
  try {
    const segments = new URL(text).pathname.split("/").filter(Boolean).map(decodeURIComponent);
    const serial = segments.indexOf("21");
    return (serial >= 0 && segments[serial + 1]) || segments.at(-1) || "";
  } catch {
    return "";
  }
}
