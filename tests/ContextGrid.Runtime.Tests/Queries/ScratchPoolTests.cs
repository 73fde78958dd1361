using ContextGrid.Runtime.Queries;

namespace ContextGrid.Runtime.Tests.Queries;

public sealed class ScratchPoolTests
{
    [Fact]
    public void Give_MoreOrLargerThanIsKept_IsLeftOut()
    {
        var pool = new ScratchPool<byte[]>(() => [], kept => kept.Length);
        pool.Give(new byte[ScratchPool<byte[]>.BytesMax + 1]);
        Assert.Equal(0, pool.Count);

        for (int i = 0; i < ScratchPool<byte[]>.CountMax + 5; i++)
        {
            pool.Give([1]);
        }

        Assert.Equal(ScratchPool<byte[]>.CountMax, pool.Count);
        Assert.Equal([1], pool.Take());
        Assert.Equal(ScratchPool<byte[]>.CountMax - 1, pool.Count);
    }
}
