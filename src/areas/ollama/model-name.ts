/** With its tag, which is `latest` when none is given (work.md 6, row 22), and in lower case, since Ollama ignores case. */
export const toFullName = (name: string): string => {
  const lower = name.toLowerCase()
  return lower.slice(lower.lastIndexOf('/') + 1).includes(':') ? lower : `${lower}:latest`
}
