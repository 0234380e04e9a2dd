//! Breaks a row to the width of a terminal: between words, and between Chinese characters, which stand close together.
//!
//! Columns are counted, not characters, and what a reader sees as one character is never torn.

use commands::card::width;
use unicode_segmentation::UnicodeSegmentation as _;

/// How much further in a row goes on than it began.
const HANGS: usize = 2;

/// What doesn't begin a row.
const CLOSING: &str = "，。、：；！？）】》”’％…";

/// What doesn't end one.
const OPENING: &str = "（【《“‘";

/// The row in as many as it takes, none wider than so many columns, unless a single character is.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let hanging = " ".repeat(text.len() - text.trim_start_matches(' ').len() + HANGS);
    // Where hardly anything would be left beside it, there is none.
    let hanging = if hanging.len() * 2 > columns { "" } else { &hanging };
    let mut rows = Vec::new();
    let mut rest = text;
    let mut indent = "";
    while width(indent) + width(rest) > columns {
        let at = break_at(rest, columns.saturating_sub(width(indent)));
        rows.push(format!("{indent}{}", rest[..at].trim_end_matches(' ')));
        rest = rest[at..].trim_start_matches(' ');
        if rest.is_empty() {
            return rows;
        }
        indent = hanging;
    }
    rows.push(format!("{indent}{rest}"));
    rows
}

/// Where a text is broken, in bytes, so that what is before it fits: at least behind its first character.
fn break_at(text: &str, columns: usize) -> usize {
    let (mut fits, mut between, mut used) = (0, None, 0);
    let mut before = " ";
    for (at, grapheme) in text.grapheme_indices(true) {
        if at > 0 && may_break(before, grapheme) {
            between = Some(at);
        }
        used += width(grapheme);
        if at > 0 && used > columns {
            break;
        }
        fits = at + grapheme.len();
        before = grapheme;
    }
    between.unwrap_or(fits)
}

fn may_break(before: &str, after: &str) -> bool {
    if after == " " || before == " " {
        // Before the blanks, not among them.
        return before != " " && after == " ";
    }
    let wide = width(before) > 1 || width(after) > 1;
    wide && !CLOSING.contains(after) && !OPENING.contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        assert_eq!(wrap("Try /deploy api prod v42, then", 30), ["Try /deploy api prod v42, then"]);
        assert_eq!(wrap("Try /deploy api prod v42, then", 29), ["Try /deploy api prod v42,", "  then"]);
        assert_eq!(wrap("Try /deploy api", 8), ["Try", "  /deplo", "  y api"], "too long a word");
        assert_eq!(wrap("  > a log line", 10), ["  > a log", "    line"], "further in than it began");
        assert_eq!(wrap("a b", 1), ["a", "b"]);
        assert_eq!(wrap("exact then   ", 10), ["exact then"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn chinese_is_broken_between_its_characters_but_for_its_marks() {
        assert_eq!(wrap("回滚到上一个好版本。", 12), ["回滚到上一个", "  好版本。"]);
        assert_eq!(wrap("回滚到上一个。好", 12), ["回滚到上一", "  个。好"], "a full stop begins no row");
        assert_eq!(wrap("数据库“回滚”", 7), ["数据库", "  “回", "  滚”"], "nor does a quote end on one");
        assert_eq!(wrap("先输入 /unlock api/prod，再输入", 25), ["先输入 /unlock api/prod，", "  再输入"]);
        assert_eq!(wrap("数据库", 1), ["数", "据", "库"]);
    }

    #[test]
    fn what_is_seen_as_one_character_is_never_torn() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let accent = "e\u{301}";
        assert_eq!(wrap(&format!("{family}{family}"), 2), [family, family]);
        assert_eq!(wrap(&format!("{accent}{accent}{accent}"), 2), [format!("{accent}{accent}"), accent.to_owned()]);
        assert_eq!(wrap("▫️ 稳定", 4), ["▫️", "  稳", "  定"]);
    }

    #[test]
    fn no_row_is_wider_than_the_terminal() {
        let text = "Next: 如果 e41b0c7 已经修好，请 zhou 输入 /unlock api/prod，再输入 /deploy api prod e41b0c7（#412、#413）👍🏽";
        for columns in 2..120 {
            let rows = wrap(text, columns);
            assert!(rows.iter().all(|row| width(row) <= columns), "{columns}: {rows:?}");
            let bare = |text: &str| text.replace(' ', "");
            assert_eq!(bare(&rows.concat()), bare(text), "nothing is lost at {columns}");
        }
    }
}
