/**
 * Texts that an example has where a key or an id belongs.
 *
 * @since 0.1.0
 */

const exact = new Set([
  "api-key",
  "apikey",
  "agent-id",
  "agentid",
  "xi-api-key",
  "sk-",
  "changeme",
  "change-me",
  "placeholder",
  "todo",
  "none",
  "null",
  "undefined",
  "secret",
  "key",
  "id",
  "test",
  "example"
])

/** `your-api-key`, `agent-id-here`, `<agent-id>`, `${KEY}`, `xxxx`, `sk-xxxx`, `...` */
const shapes = [
  /^(?:my-|insert-|enter-|put-|paste-|replace-|add-)?your-/,
  /-here$/,
  /^(?:insert|enter|put|paste|replace|add)-/,
  /^<.*>$/,
  /^[[{].*[\]}]$/,
  /^\$/,
  /^%.*%$/,
  /^(?:[a-z]+-)?([x*.])\1{2,}$/,
  /^replace-?me/,
  /-placeholder$/,
  /^dummy/
]

/**
 * Whether it is a placeholder: `YOUR_API_KEY`, `agent_id_here`, `<agent-id>`, `sk_xxxx`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const is = (text: string): boolean => {
  const plain = text.trim().toLowerCase().replace(/[\s_]+/g, "-")
  return exact.has(plain) || shapes.some((shape) => shape.test(plain))
}
