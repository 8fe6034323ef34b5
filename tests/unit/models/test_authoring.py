"""Saving content: revisions that never change, terms as a tree, and every picture once."""

import hashlib

import pytest
import sqlalchemy as sa
from factories import make_content, make_site

from models import Content, ContentStatus, Image, ImageFile, Revision, Term, TermType
from models.authoring import Manuscript, keep_image, save_content
from pipeline.documents import Document, Picture


@pytest.fixture
def site(session):
    return make_site(session)


def manuscript(title="A title", **values):
    document = Document(title=title, html="<p>Text.</p>", **values)
    return Manuscript(document.as_json(), document.fingerprint())


def revisions(session):
    return session.scalars(sa.select(Revision).order_by(Revision.number)).all()


def test_new_content_is_its_first_revision(session, site):
    content, changed = save_content(session, site, manuscript("A walk"))

    assert changed
    assert (content.title, content.revision, content.account_id) == ("A walk", 1, site.account_id)
    (revision,) = revisions(session)
    assert Document.from_json(revision.document) == Document(title="A walk", html="<p>Text.</p>")
    assert revision.fingerprint == content.fingerprint


def test_saving_the_same_again_changes_nothing(session, site):
    content, _ = save_content(session, site, manuscript())
    again, changed = save_content(session, site, manuscript(), content)

    assert (again, changed) == (content, False)
    assert len(revisions(session)) == 1


def test_a_change_becomes_the_next_revision_and_the_old_one_stays(session, site):
    content, _ = save_content(session, site, manuscript("Old"))
    _, changed = save_content(session, site, manuscript("New"), content)

    assert changed
    assert content.title == "New"
    assert [(r.number, r.document["title"]) for r in revisions(session)] == [(1, "Old"), (2, "New")]


def test_going_back_is_a_revision_too(session, site):
    content, _ = save_content(session, site, manuscript("Old"))
    for title in ("New", "Old"):
        save_content(session, site, manuscript(title), content)

    assert content.revision == 3


def test_another_status_alone_is_a_change_but_no_revision(session, site):
    content = make_content(session, site, status=ContentStatus.DRAFT)
    same = make_content(session, site, status=ContentStatus.APPROVED, content=content)

    assert (same.status, same.revision) == (ContentStatus.APPROVED, 1)


def test_the_same_import_finds_its_content_again(session, site):
    first = make_content(session, site, title="Old", import_key="posts/a.md")
    second = make_content(session, site, title="New", import_key="posts/a.md")

    assert second.id == first.id
    assert second.revision == 2


def test_an_import_key_belongs_to_its_site(session, site):
    first = make_content(session, site, import_key="a.md")
    other = make_content(session, make_site(session), import_key="a.md")

    assert other.id != first.id


def test_content_without_an_import_key_is_always_new(session, site):
    assert make_content(session, site).id != make_content(session, site).id


def test_categories_are_a_tree(session, site):
    content = make_content(session, site, categories=(("Places", "Berlin"), ("Places", "Rome")))

    terms = {term.path: term for term in session.scalars(sa.select(Term))}
    assert set(terms) == {"Places", "Places\x1fBerlin", "Places\x1fRome"}
    assert terms["Places"].parent_id is None
    assert terms["Places\x1fBerlin"].parent_id == terms["Places"].id
    assert {term.name for term in content.terms} == {"Berlin", "Rome"}


def test_the_same_name_under_two_parents_is_two_terms(session, site):
    make_content(session, site, categories=(("Food", "Paris"), ("Places", "Paris")))

    query = sa.select(Term.path).filter_by(name="Paris")
    assert set(session.scalars(query)) == {"Food\x1fParis", "Places\x1fParis"}


def test_a_separator_in_a_name_is_part_of_the_name(session, site):
    make_content(session, site, categories=(("A", "B"),))
    other = make_content(session, site, categories=(("A > B",),))

    assert [term.name for term in other.terms] == ["A > B"]


def test_a_tag_and_a_category_may_share_a_name(session, site):
    content = make_content(session, site, categories=(("Berlin",),), tags=("Berlin",))

    assert {term.type for term in content.terms} == {TermType.CATEGORY, TermType.TAG}


def test_terms_are_shared_within_a_site_and_not_across(session, site):
    mine = [make_content(session, site, title=title, tags=("x",)) for title in "ab"]
    theirs = make_content(session, make_site(session), tags=("x",))

    assert mine[0].terms == mine[1].terms
    assert theirs.terms != mine[0].terms


def test_a_revision_replaces_the_terms(session, site):
    content = make_content(session, site, tags=("old", "both"))
    make_content(session, site, tags=("both", "new"), content=content)
    session.flush()
    session.expire(content)

    assert {term.name for term in content.terms} == {"both", "new"}


def test_a_term_named_twice_is_linked_once(session, site):
    content = make_content(session, site, tags=("x", "x"), categories=(("y",), ("y",)))

    assert sorted(term.name for term in content.terms) == ["x", "y"]


def test_images_are_kept_in_their_order_and_replaced(session, site):
    old = (Picture("featured", "a.png"), Picture("inline", "b.png"), Picture("inline", "c.png"))
    content = make_content(session, site, images=old)
    make_content(session, site, images=(Picture("inline", "c.png", alt="C"),), content=content)

    (image,) = session.scalars(sa.select(Image))
    assert (image.role, image.source, image.alt, image.position) == ("inline", "c.png", "C", 0)


def test_the_bytes_of_an_image_are_kept_once(session):
    data = b"the same bytes"
    digest = hashlib.sha256(data).hexdigest()
    for _ in range(2):
        keep_image(session, digest, data, "image/png")

    (file,) = session.scalars(sa.select(ImageFile))
    assert (file.sha256, file.size, file.data, file.checked) == (digest, len(data), data, False)


def test_deleting_a_site_takes_its_content_along(session, site):
    make_content(session, site, categories=(("A", "B"),), images=(Picture("inline", "a.png"),))
    session.execute(sa.delete(type(site)))

    kinds = (Content, Revision, Term, Image)
    assert [session.scalar(sa.select(sa.func.count()).select_from(kind)) for kind in kinds] == [
        0
    ] * 4
