"""What the simulated cameras take, and what a car's software makes of it."""

import io
from random import Random

from PIL import Image

from rigs.anonymiser import blurred, small, still
from rigs.footage import SIZE, faces_in, film, frames_of, picture, video


def opened(data):
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def test_a_film_gives_back_its_pictures():
    """Byte for byte; the first is its still, and a picture's still is itself."""
    frames = [picture(Random(seed)) for seed in range(3)]
    assert frames_of(film(frames)) == frames
    assert still(film(frames)) == frames[0]
    assert still(frames[1]) == frames[1]


def test_a_blur_changes_the_face_and_nothing_far_from_it():
    """The box that the comment names, and a little more."""
    data = picture(Random(3))
    with opened(data) as before, opened(blurred(data)) as after:
        ((x, y, width),) = faces_in(before)
        assert faces_in(after) == [(x, y, width)]
        eyes = (x + width // 4, y + width // 3, x + 3 * width // 4, y + width // 2)
        darkest = [min(image.crop(eyes).convert("L").tobytes()) for image in (before, after)]
        assert darkest[1] > darkest[0] + 30
        corner = (0, 0, 40, 30)
        pairs = zip(*(image.crop(corner).convert("L").tobytes() for image in (before, after)), strict=True)
        assert max(abs(one - other) for one, other in pairs) < 40


def test_what_is_scaled_keeps_the_comment_as_it_was():
    """So that a picture scaled before it is blurred is blurred elsewhere, in films too."""
    whole = video(Random(4), frames=2)
    for before, after in zip(frames_of(whole), frames_of(small(whole)), strict=True):
        with opened(before) as one, opened(after) as other:
            assert other.size == (SIZE[0] // 2, SIZE[1] // 2)
            assert faces_in(other) == faces_in(one)


def test_equal_seeds_give_equal_footage():
    assert picture(Random(5)) == picture(Random(5)) != picture(Random(6))
