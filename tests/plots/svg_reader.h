// Reads an SVG image strictly, and checks where its texts are.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tenbin/core/error.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin::testing {

struct SvgElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;        // its own, with entities replaced
  std::size_t parent = 0;  // its index
  double down = 0;         // of the translation of the groups around it

  bool has(const std::string& key) const { return attributes.count(key) > 0; }
  double number(const std::string& key) const { return std::stod(attributes.at(key)); }
  std::string attribute(const std::string& key) const { return has(key) ? attributes.at(key) : ""; }
};

// A parser of the XML that charts need. Errors: everything that is not well-formed.
class SvgReader {
 public:
  explicit SvgReader(const std::string& xml) : xml_(xml) {
    check_characters();
    std::vector<std::size_t> open;
    while (at_ < xml_.size()) {
      if (xml_[at_] != '<') {
        const std::string text = text_until('<');
        if (!open.empty()) elements_[open.back()].text += text;
        if (open.empty() && text != "\n") fail("text outside the root");
      } else if (xml_.compare(at_, 2, "</") == 0) {
        at_ += 2;
        const std::string name = read_name();
        if (open.empty() || elements_[open.back()].name != name)
          fail("</" + name + "> closes another element");
        open.pop_back();
        expect('>');
      } else {
        ++at_;
        if (open.empty() && !elements_.empty()) fail("two roots");
        SvgElement element;
        element.name = read_name();
        element.parent = open.empty() ? 0 : open.back();
        if (!open.empty()) element.down = elements_[open.back()].down;
        while (xml_.at(at_) == ' ') read_attribute(element);
        const std::string move = element.attribute("transform");
        if (move.rfind("translate(0 ", 0) == 0) element.down += std::stod(move.substr(12));
        const bool is_closed = xml_.at(at_) == '/';
        if (is_closed) ++at_;
        expect('>');
        elements_.push_back(element);
        if (!is_closed) open.push_back(elements_.size() - 1);
      }
    }
    if (!open.empty()) fail("an element is not closed");
  }

  const std::vector<SvgElement>& elements() const { return elements_; }
  const SvgElement& root() const { return elements_.at(0); }
  std::vector<SvgElement> all(const std::string& name, const std::string& css_class = "") const {
    std::vector<SvgElement> found;
    for (const SvgElement& element : elements_)
      if (element.name == name &&
          (css_class.empty() ||
           (' ' + element.attribute("class") + ' ').find(' ' + css_class + ' ') != std::string::npos))
        found.push_back(element);
    return found;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> found;
    for (const SvgElement& element : elements_)
      if ((element.name == "text" && !element.text.empty()) || element.name == "tspan")
        found.push_back(element.text);
    return found;
  }

  // What is wrong with the places of the texts: outside the image, or on each other. Turned texts are not
  // compared.
  std::string misplaced() const {
    struct Box {
      double left, right, top, bottom;
      std::string text;
    };
    std::vector<Box> boxes;
    const double width = root().number("width");
    const double height = root().number("height");
    for (const SvgElement& element : elements_) {
      const SvgElement& outer = element.name == "tspan" ? elements_[element.parent] : element;
      if ((element.name != "text" && element.name != "tspan") || element.text.empty()) continue;
      if (outer.attribute("transform").find("rotate") != std::string::npos) continue;
      const double size = outer.number("font-size");
      const double bold = outer.has("font-weight") ? 1.12 : 1;
      const double length = bold * detail::text_width(element.text, size);
      const std::string anchor = outer.attribute("text-anchor");
      const double x = element.number("x");
      const double y = element.number("y") + element.down;
      const double left = anchor == "end" ? x - length : anchor == "middle" ? x - length / 2 : x;
      boxes.push_back({left, left + length, y - 0.75 * size, y + 0.2 * size, element.text});
      const Box& box = boxes.back();
      if (box.left < 0 || box.right > width || box.top < 0 || box.bottom > height)
        return "outside the image: " + box.text;
    }
    for (std::size_t i = 0; i < boxes.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (boxes[i].left < boxes[j].right && boxes[j].left < boxes[i].right &&
            boxes[i].top < boxes[j].bottom && boxes[j].top < boxes[i].bottom)
          return boxes[i].text + " is on " + boxes[j].text;
    return "";
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error("not well-formed: ", what, " at ", xml_.substr(at_ > 40 ? at_ - 40 : 0, 80));
  }

  void expect(char c) {
    if (at_ >= xml_.size() || xml_[at_] != c) fail(std::string("expected ") + c);
    ++at_;
  }

  std::string read_name() {
    std::string name;
    while (at_ < xml_.size() && (detail::is_letter_or_digit(xml_[at_]) || xml_[at_] == '-'))
      name += xml_[at_++];
    if (name.empty()) fail("expected a name");
    return name;
  }

  void read_attribute(SvgElement& element) {
    expect(' ');
    const std::string name = read_name();
    expect('=');
    expect('"');
    if (element.has(name)) fail("the attribute " + name + " twice");
    element.attributes[name] = text_until('"');
    expect('"');
  }

  std::string text_until(char end) {
    static const std::map<std::string, std::string> entities = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}};
    std::string text;
    while (at_ < xml_.size() && xml_[at_] != end) {
      if (xml_[at_] == '<') fail("<");
      if (xml_[at_] != '&') {
        text += xml_[at_++];
        continue;
      }
      const std::string entity = xml_.substr(at_, xml_.find(';', at_) + 1 - at_);
      if (entities.count(entity) == 0) fail(entity);
      text += entities.at(entity);
      at_ += entity.size();
    }
    return text;
  }

  // UTF-8, decoded with all rules, of characters that XML has.
  void check_characters() {
    for (at_ = 0; at_ < xml_.size();) {
      const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(xml_.at(i)));
      };
      const unsigned first = byte(at_);
      const std::size_t size = first < 0x80       ? 1
                               : first >> 5 == 6  ? 2
                               : first >> 4 == 14 ? 3
                               : first >> 3 == 30 ? 4
                                                  : 0;
      if (size == 0) fail("a byte that is not UTF-8");
      unsigned code = size == 1 ? first : first & (0x7Fu >> size);
      for (std::size_t i = 1; i < size; ++i) {
        if (byte(at_ + i) >> 6 != 2) fail("a byte that is not UTF-8");
        code = code << 6 | (byte(at_ + i) & 0x3F);
      }
      static constexpr unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
      const bool is_character = code == '\t' || code == '\n' || (code >= 0x20 && code < 0xD800) ||
                                (code >= 0xE000 && code < 0xFFFE) || (code >= 0x10000 && code <= 0x10FFFF);
      if (code < least[size] || !is_character) fail("a character that XML does not have");
      at_ += size;
    }
    at_ = 0;
  }

  const std::string xml_;
  std::size_t at_ = 0;
  std::vector<SvgElement> elements_;
};

// Reads an image and checks what all images have.
inline SvgReader read_svg(const std::string& svg) {
  SvgReader reader(svg);
  const auto require = [](bool is_met, const char* what) {
    if (!is_met) throw Error("expected ", what);
  };
  require(reader.root().name == "svg" && reader.root().attribute("role") == "img", "an image");
  require(reader.elements().at(1).name == "title" && !reader.elements()[1].text.empty(), "a title");
  require(reader.elements().at(2).name == "desc" && !reader.elements()[2].text.empty(), "a description");
  require(svg.find(" id=") == std::string::npos, "no ids, which clash in a page");
  const std::string misplaced = reader.misplaced();
  if (!misplaced.empty()) throw Error("a text is misplaced: ", misplaced);
  for (const SvgElement& element : reader.elements())
    for (const auto& [name, value] : element.attributes)
      if (name != "class" &&
          (value.find("nan") != std::string::npos || value.find("inf") != std::string::npos))
        throw Error(element.name, " has ", name, ' ', value);
  return reader;
}

}  // namespace tenbin::testing
