namespace ContextGrid.Runtime.Codecs;

/// <summary>Collects digits and holds zeros back until a digit that is not zero follows them.</summary>
internal ref struct DigitRun
{
    /// <summary>The digits so far.</summary>
    internal ulong Value;

    /// <summary>Whether there were more digits than fit.</summary>
    internal bool Cut;

    /// <summary>Digits that are read and not in Value: zeros at the end, or what did not fit.</summary>
    internal int Dropped;

    /// <summary>Of the dropped digits those up to the last that is not zero.</summary>
    internal int Lost;

    /// <summary>Reads digits from a place on and returns where they end.</summary>
    internal int Read(ReadOnlySpan<byte> text, int at)
    {
        for (; at < text.Length; at++)
        {
            uint digit = (uint)(text[at] - '0');
            if (digit > 9)
            {
                break;
            }

            if (digit == 0)
            {
                Dropped += Value == 0 ? 0 : 1;
            }
            else
            {
                Add(digit);
            }
        }

        return at;
    }

    private void Add(uint digit)
    {
        ulong value = Value;
        for (int i = Dropped; i >= 0 && !Cut; i--)
        {
            if (value > (ulong.MaxValue - 9) / 10)
            {
                Cut = true;
            }

            value *= 10;
        }

        Dropped = Cut ? Dropped + 1 : 0;
        Lost = Dropped;
        Value = Cut ? Value : value + digit;
    }
}
