using System.Text;
using ContextGrid.Runtime.Ingestion;

namespace ContextGrid.Runtime.Tests.Ingestion;

public sealed class Murmur2Tests
{
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void Hash_VectorsOfKafka_Match(string key, int expected) =>
        Assert.Equal(expected, Murmur2.Hash(Encoding.UTF8.GetBytes(key)));

    [Fact]
    public void PartitionFor_NegativeHash_DropsTheSign()
    {
        Assert.Equal((-973932308 & 0x7fffffff) % 7, Murmur2.PartitionFor("21"u8, 7));
        Assert.Equal(0, Murmur2.PartitionFor("21"u8, 1));
    }
}
