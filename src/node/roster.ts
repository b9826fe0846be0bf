/** Who knows its place in a roster. */
export interface Listed {
  /** NOT_LISTED: in none. The roster's affair. */
  position: number;
}

export const NOT_LISTED = -1;

/**
 * A set of those who come and go, in no order. A Set leaves a table behind each time that it is full, of those that were
 * deleted too, and by it all that were in it are kept until old memory is collected: two such sets cost a server that opens
 * and closes connections an eighth of its time.
 */
export class Roster<Member extends Listed> {
  readonly #members: Member[] = [];

  /** All of them, as they are now. */
  all(): Member[] {
    return this.#members.slice();
  }

  /** Adds one that is in no roster. */
  add(member: Member): void {
    member.position = this.#members.length;
    this.#members.push(member);
  }

  /** Takes out `member`, if it is in. */
  delete(member: Member): void {
    const { position } = member;
    if (position === NOT_LISTED) return;
    member.position = NOT_LISTED;
    const last = this.#members.pop()!;
    if (last === member) return;
    this.#members[position] = last;
    last.position = position;
  }
}
