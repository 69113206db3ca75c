from bot.storage.sqlite.pieces import PIECE_MAX, PIECES_MAX, Pieces


def test_a_piece_is_worked_out_once_and_memory_is_bounded() -> None:
    asked: list[str] = []

    def work_out(piece: str) -> str:
        asked.append(piece)
        return piece.upper()

    pieces = Pieces(work_out)
    assert [pieces["ferry"], pieces["ferry"]] == ["FERRY", "FERRY"]
    assert asked == ["ferry"]
    long = "x" * (PIECE_MAX + 1)
    assert [pieces[long], pieces[long]] == [long.upper()] * 2
    assert asked == ["ferry", long, long]
    for number in range(2 * PIECES_MAX):
        assert pieces[f"n{number}"] == f"N{number}"
        assert len(pieces) <= PIECES_MAX
