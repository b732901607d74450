// What a label says, as far as the device must know before the server does: which bag it names.
// The server reads the label again, by its own rules; nothing here decides anything.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;

/** The code on a label: bare, "code;lot", or the last segment (or …/21/…) of a URL. */
export function codeOf(label) {
  const text = label.normalize("NFKC").replace(INVISIBLE, "").trim();
  const code = text.includes("://") ? fromUrl(text) : text.split(";")[0];
  return code.trim().toUpperCase();
}

/** "parent", "child" or "" where no bag type's pattern fits. */
export function kindOf(code, types) {
  const fits = (pattern) => new RegExp(`^(?:${pattern})$`).test(code);
  if (types.some((type) => fits(type.parent_pattern))) return "parent";
  return types.some((type) => fits(type.child_pattern)) ? "child" : "";
}

/** How many children a parent with this code takes; null where no type makes such codes. */
export function capacityOf(code, types) {
  return types.find((type) => new RegExp(`^(?:${type.parent_pattern})$`).test(code))?.capacity ?? null;
}

function fromUrl(text) {
  try {
    const parts = new URL(text).pathname.split("/").filter(Boolean).map(decodeURIComponent);
    const serial = parts.indexOf("21");
    return (serial >= 0 && parts[serial + 1]) || parts.at(-1) || "";
  } catch {
    return "";
  }
}
