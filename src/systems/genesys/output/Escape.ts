/**
 * Literal text in Terraform's two syntaxes. In both a string is a template: `${` and `%{` begin something unless they
 * are doubled to `$${` and `%%{`.
 *
 * Source: developer.hashicorp.com/terraform/language/expressions/strings, "Escape Sequences"; .../syntax/json,
 * "Expression Mapping".
 *
 * @since 0.1.0
 */

/**
 * Literal text as a template that gives it back. Half a surrogate pair, which UTF-8 cannot write, becomes U+FFFD.
 *
 * @since 0.1.0
 * @category conversions
 */
export const template = (text: string): string =>
  suspect.test(text) ? text.replace(/\p{Surrogate}/gu, "\ufffd").replace(/([$%])\{/g, "$1$1{") : text

const suspect = /[$%]\{|[\ud800-\udfff]/

/**
 * Literal text in quotes, as HCL reads it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const quoted = (text: string): string => `"${quotable(template(text))}"`

/** What HCL must not see bare in quotes, and what a reader would not see. */
const special = /["\\\p{Cc}\u2028\u2029\ufeff]/u

const quotable = (text: string): string => special.test(text) ? text.replace(each, escape) : text

const each = /["\\\p{Cc}\u2028\u2029\ufeff]/gu

const named: ReadonlyMap<string, string> = new Map([
  ["\"", "\\\""],
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"]
])

const escape = (character: string): string =>
  named.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
