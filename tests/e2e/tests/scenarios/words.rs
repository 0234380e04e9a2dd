//! The same in English and in Chinese, by the person's language.

use anyhow::Result;
use e2e::{Said, Setup};

#[test]
fn each_person_is_spoken_to_in_their_language() -> Result<()> {
    let shop = Setup::new()?.start()?;
    shop.push("v2")?;
    let english = shop.bot.run(&["say", "/deploy api prod v2", "--wait", "--json", "--as", "zhou"])?;
    english.must_refuse()?;
    must_be_english(&english);
    let chinese = shop.bot.run(&["say", "/deploy api prod v2", "--wait", "--json", "--as", "mo"])?;
    chinese.must_be("verified", 0)?;
    must_be_chinese(&chinese);
    assert!(chinese.first_line().contains("api") && chinese.first_line().contains("prod"), "{}", chinese.first_line());

    let english = shop.deploy("v3-pullfail")?;
    english.must_be("left", 2)?;
    must_be_english(&english);
    for text in [
        "/status api prod",
        "/now",
        "/history api prod",
        "/show #2",
        "/locks",
        "/help",
        "/help deploy",
        "/deploy api prod v4 plan",
    ] {
        let (english, chinese) = (shop.bot.say(text)?, shop.bot.say_as("mo", text)?);
        assert_eq!((english.exit_code, chinese.exit_code), (0, 0), "{text}: {english:#?} {chinese:#?}");
        must_be_english(&english);
        must_be_chinese(&chinese);
    }
    let refused = shop.bot.say_as("mo", "/deploy api prod v3-pullfail")?;
    refused.must_refuse()?;
    must_be_chinese(&refused);
    Ok(())
}

#[test]
fn first_lines_fit_on_a_phone() -> Result<()> {
    let shop = Setup::new()?.start()?;
    let good = shop.deploy("v2")?;
    let bad = shop.deploy("v3-pullfail")?;
    for said in [&good, &bad] {
        for line in &said.lines {
            let one = Said { lines: vec![line.clone()], ..said.clone() }.first_line();
            assert!(!one.is_empty() && one.chars().count() <= 60, "{} characters: {one}", one.chars().count());
        }
    }
    Ok(())
}

fn must_be_english(said: &Said) {
    assert!(!said.text().chars().any(is_chinese), "{}", said.text());
}

fn must_be_chinese(said: &Said) {
    assert!(said.first_line().chars().any(is_chinese), "{}", said.text());
}

fn is_chinese(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}
