import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.hl7.fhir.r5.formats.JsonParser;
import org.hl7.fhir.r5.formats.XmlParser;
import org.hl7.fhir.r5.model.Bundle;
import org.hl7.fhir.r5.model.OperationOutcome;
import org.hl7.fhir.r5.model.StringType;
import org.hl7.fhir.r5.utils.OperationOutcomeUtilities;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.utilities.validation.ValidationMessage.IssueSeverity;
import org.hl7.fhir.utilities.validation.ValidationMessage.IssueType;
import org.hl7.fhir.utilities.validation.ValidationMessage.Source;
import org.hl7.fhir.validation.service.renderers.DefaultRenderer;

/** Lets the official validator's own code write what it found, as text, JSON and XML. */
public class Rendered {
  public static void main(String[] args) throws Exception {
    Bundle bundle = new Bundle();
    bundle.setType(Bundle.BundleType.COLLECTION);
    PrintStream text = new PrintStream(new FileOutputStream(args[0] + "/v.txt"));
    DefaultRenderer renderer = new DefaultRenderer();
    renderer.setOutput(text);
    renderer.setShowMessageIds(args.length > 1);
    renderer.start(true);
    for (String file : List.of("a.json", "b.json")) {
      List<ValidationMessage> messages = new ArrayList<>();
      if (file.equals("b.json")) {
        ValidationMessage m =
            new ValidationMessage(
                Source.InstanceValidator, IssueType.INVARIANT, 12, 4,
                "Bundle.entry[1].resource/*AllergyIntolerance/a*/.code",
                "AllergyIntolerance.code: minimum required = 1, but only found 0",
                IssueSeverity.ERROR);
        m.setMessageId("Validation_VAL_Profile_Minimum");
        messages.add(m);
        messages.add(
            new ValidationMessage(
                Source.InstanceValidator, IssueType.INVALID, 1, 2, "Bundle", "a warning",
                IssueSeverity.WARNING));
      }
      OperationOutcome outcome = OperationOutcomeUtilities.createOutcome(messages);
      outcome.addExtension(
          "http://hl7.org/fhir/StructureDefinition/operationoutcome-file", new StringType(file));
      bundle.addEntry().setResource(outcome);
      renderer.render(outcome);
    }
    renderer.finish();
    text.close();
    new JsonParser().compose(new FileOutputStream(args[0] + "/v.json"), bundle);
    new XmlParser().compose(new FileOutputStream(args[0] + "/v.xml"), bundle);
  }
}
