from nfdsl.analysis.provenance import block_lines, spec_lines


def test_lines_of_a_spec_can_be_linked_to_and_are_escaped():
    assert spec_lines("a <b>\n\nc\n") == (
        '<span class="line" id="line-1">a &lt;b&gt;</span>\n'
        '<span class="line" id="line-2"></span>\n'
        '<span class="line" id="line-3">c</span>'
    )


def test_a_block_begins_where_its_name_stands():
    spec = "data d {\n}\npretrain base {\n}\n  finetune ft from other {\n}\n# pretrain not {\n"
    assert block_lines(spec) == {"base": 3, "ft": 5}
