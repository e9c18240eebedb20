const isFirstOfPair = (unit: number) => (unit & 0xfc00) === 0xd800
const isSecondOfPair = (unit: number) => (unit & 0xfc00) === 0xdc00

/** Where `count` code points from `start` on end, or the text does; never within a pair of surrogates. */
export const endOfCodePoints = (text: string, count: number, start = 0): number => {
  let end = start
  for (let left = count; left > 0 && end < text.length; left--)
    end += isFirstOfPair(text.charCodeAt(end)) && isSecondOfPair(text.charCodeAt(end + 1)) ? 2 : 1
  return end
}

/** How many code points a well-formed text has: what lengths on the wire count. */
export const countCodePoints = (text: string): number => {
  let count = text.length
  for (let at = 0; at < text.length; at++) if (isFirstOfPair(text.charCodeAt(at))) count--
  return count
}
