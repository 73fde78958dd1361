namespace ContextGrid.Runtime.Codecs;

/// <summary>What exactly was wrong, so that the message can be built only when somebody reads it.</summary>
internal enum DecodeHint
{
    None,
    Empty,
    ByteOrderMark,
    TrailingText,
    CutShort,
    NotFinite,
    ControlCharacter,
    BadEscape,
    BadNumber,
    LeadingZero,
    ExpectedName,
    ExpectedColon,
    ExpectedValue,
    ExpectedCommaOrEnd,
    NumberInQuotes,
    TextWithoutQuotes,
    Fraction,
    NestedList,
    NoOffset,
    Seconds,
    Microseconds,
    Nanoseconds,
}
