using System.Text;
using ContextGrid.Core.Snapshots;

namespace ContextGrid.Core.Tests.Snapshots;

public sealed class Crc32CTests
{
    [Fact]
    public void Compute_CheckString_GivesTheCatalogueValue() =>
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));

    [Fact]
    public void Compute_VectorsOfRfc3720_Match()
    {
        byte[] ascending = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] ones = new byte[32];
        Array.Fill(ones, (byte)0xFF);
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(ones));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(ascending));
        Assert.Equal(0x113FDB5Cu, Crc32C.Compute([.. ascending.Reverse()]));
    }

    [Fact]
    public void Compute_Empty_GivesZero() => Assert.Equal(0u, Crc32C.Compute([]));

    [Fact]
    public void Append_AnySplit_EqualsTheWhole()
    {
        byte[] text = Encoding.UTF8.GetBytes("The quick brown fox jumps over the lazy dog, twice.");
        uint whole = Crc32C.Compute(text);
        for (int split = 0; split <= text.Length; split++)
        {
            Assert.Equal(whole, Crc32C.Append(Crc32C.Compute(text.AsSpan(0, split)), text.AsSpan(split)));
        }
    }
}
