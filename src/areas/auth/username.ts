/** A line break or an escape sequence in a name would forge what terminals and logs show. */
export const hasControlCharacter = (text: string): boolean => /\p{Cc}/u.test(text)
